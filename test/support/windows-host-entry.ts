/**
 * A desktop host for tests, or what hears changes: the real ones, reached over a loopback socket, since they run under Wine
 * and the tests do not. `node windows-host-entry.ts PORT host|watch` connects to whoever waits for it.
 */
import { connect } from 'node:net';
import { serveDesktop } from '../../edge-agent/src/desktop/uia/host.ts';
import { watchDesktop } from '../../edge-agent/src/desktop/uia/watch.ts';
import { framed } from './windows-host-frames.ts';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
const channel = framed(socket, () => process.exit(1));
channel.onClose(() => process.exit(0));
if (process.argv[3] === 'watch') watchDesktop((message) => channel.send(message));
else serveDesktop(channel);
