/** What Node does not have of Linux. */
export { peerUser } from './peer.ts';
