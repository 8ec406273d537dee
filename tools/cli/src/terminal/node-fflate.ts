/**
 * What the packages use of fflate, by Node's own zlib: the library fills tables when it is loaded, which costs a command
 * as much as listing the processes of a guest.
 */
export { deflateSync as zlibSync, inflateSync as unzlibSync } from 'node:zlib';
