export * from './recorded-guest';
export * from './self-consistency';
