export {
  DEFAULT_KCONF_FILE,
  type GuestFileOptions,
  openDumpFile,
  openGuestFile,
  readKeyFile,
} from './open-guest-file';
