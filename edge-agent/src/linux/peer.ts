/**
 * Whose process is at the other end of a Unix socket. Linux notes it when the socket is connected, and no process can have
 * it say otherwise (SO_PEERCRED, unix(7)). Node does not tell it.
 */
import type { Socket } from 'node:net';
import { z } from 'zod';
import { native } from './native.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
/** `struct ucred`: number of the process, of its user, of its group. */
const CREDENTIALS_BYTES = 12;
const USER_AT = 4;

/** What Node keeps of a socket; the number of its file is no documented part of it, so it is asked for as any stranger's. */
const Opened = z.object({ _handle: z.object({ fd: z.int().min(0) }) });

/** The number of the user; null where the system does not say, such as of a socket that is closed already. */
export function peerUser(socket: Socket): number | null {
  const opened = Opened.safeParse(socket);
  if (!opened.success) return null;
  const credentials = Buffer.alloc(CREDENTIALS_BYTES);
  const bytes: [number] = [CREDENTIALS_BYTES];
  const { fd } = opened.data._handle;
  const isTold = native().socketOption(fd, SOL_SOCKET, SO_PEERCRED, credentials, bytes) === 0;
  return isTold && bytes[0] === CREDENTIALS_BYTES ? credentials.readUInt32LE(USER_AT) : null;
}
