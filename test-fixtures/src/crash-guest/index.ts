export * from './crash-guest';
