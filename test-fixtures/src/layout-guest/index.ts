export { type LayoutGuest, layOutGuest } from './layout-guest';
export * from './layout-truth';
export { readSections, SectionKeys } from './section-keys';
