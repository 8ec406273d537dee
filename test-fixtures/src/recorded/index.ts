export * from './recorded-guest';
