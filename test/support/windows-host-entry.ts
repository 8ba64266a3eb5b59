/**
 * A desktop host for tests: the real one, reached over a loopback socket, since it runs under Wine and the tests do not.
 * `node windows-host-entry.ts PORT` connects to whoever waits for it.
 */
import { connect } from 'node:net';
import { serveDesktop } from '../../edge-agent/src/desktop/uia/host.ts';
import { framed } from './windows-host-frames.ts';

const socket = connect(Number(process.argv[2]), '127.0.0.1');
const channel = framed(socket, () => process.exit(1));
channel.onClose(() => process.exit(0));
serveDesktop(channel);
