/** The formats that `osi-linux export` writes. */
export const EXPORT_FORMATS = ['kdump', 'elf', 'raw', 'lime'] as const;
