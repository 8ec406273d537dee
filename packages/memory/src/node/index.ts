export * from './file-source';
export * from './http-source';
export * from './node-codecs';
export * from './unpacked-source';
