/** What Node does not have of Linux. */
export { takeInOrphans, takeNoteOfEnd } from './orphans.ts';
export { peerUser } from './peer.ts';
