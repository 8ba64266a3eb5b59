/** Backups: a moment of the record as one sealed archive, its keys apart from it, and the way back. */
export { takeBackup, type BackupTaken } from './take.ts';
export { expectUsable, loadArtifacts, loadBackup, openBackup, type OpenedBackup } from './load.ts';
export { KEY_FILES } from './keys-file.ts';
export { nothingDone, tellDone, type DoneSince, type LockToMake } from './done-since.decision.ts';
export type { Manifest } from './manifest.ts';
export { outdated, rotationStem } from './rotation.decision.ts';
