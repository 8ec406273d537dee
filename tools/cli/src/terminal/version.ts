/** The version of the package that the commands are in. */
export { version } from '../../package.json';
