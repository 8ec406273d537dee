export * from './address-space';
export * from './architecture';
export * from './control-registers';
export * from './page-walk';
export * from './paging-form';
