/** A caller's way to a signer that listens on a path: connects, proves itself, and lets the signer prove itself. */
import { connect, type Socket } from 'node:net';
import { addressOf, newNonce, proofOf, provesSide, readCredential } from './credential.ts';
import { readLines } from './lines.ts';
import { Challenge, Greeting, lineFor, parseLine, Proof, Ready } from './wire.ts';

const HANDSHAKE_MS = 5_000;

/** A socket on which requests may follow. Rejects with one line that says why not. */
export async function dialSigner(path: string): Promise<Socket> {
  const credential = await readCredential(path);
  if (!credential.ok) throw new Error(credential.message);
  const socket = connect(addressOf(path));
  const timer = setTimeout(() => socket.destroy(new Error(`${path} does not answer in time`)), HANDSHAKE_MS);
  try {
    await prove(socket, credential.value, path);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

function prove(socket: Socket, credential: Uint8Array, path: string): Promise<void> {
  const own = newNonce();
  let challenged = false;
  return new Promise((resolve, reject) => {
    const impostor = () =>
      void socket.destroy(new Error(`what listens on ${path} is not the signer of its credential`));
    const closed = () => reject(new Error(`the signer at ${path} closed the connection`));
    // An error after the proof is followed by `close`, which the caller listens to.
    socket.on('error', reject);
    socket.once('close', closed);
    socket.once('connect', () => socket.write(lineFor(Greeting, { type: 'hello', version: 1, nonce: own })));
    const stop = readLines(socket, (line) => {
      if (challenged) {
        if (parseLine(Ready, line) === null) return impostor();
        stop();
        socket.off('close', closed);
        return resolve();
      }
      const challenge = parseLine(Challenge, line);
      if (challenge === null || !provesSide(challenge.proof, 'signer', credential, own, challenge.nonce)) {
        return impostor();
      }
      challenged = true;
      socket.write(lineFor(Proof, { type: 'proof', proof: proofOf('caller', credential, own, challenge.nonce) }));
    });
  });
}
