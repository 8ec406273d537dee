export * from './address-space';
export * from './architecture';
export * from './control-registers';
export * from './linux-non-present';
export * from './non-present-entry';
export * from './page-walk';
export * from './paging-form';
export * from './reverse-map';
