/**
 * How a connection to the agent begins: each end proves by a fresh challenge that it knows the key, and neither says it.
 * A host knows the key of the place, a worker the ticket that it was started with. On Linux the agent also asks the system
 * whose process the host is.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createConnection } from 'node:net';
import { Fault } from '../fault.ts';
import { FrameLink, protocolFault } from './frames.ts';
import { Admission, Challenge, type Hello, HELLO_BYTES, type HostSettings } from './messages.ts';

/** To be admitted, or not, milliseconds. */
export const HELLO_MS = 5_000;

export interface Dial {
  /** Socket or pipe. */
  readonly socket: string;
  readonly as: Hello['as'];
  readonly id: string;
  readonly key: string;
  readonly version: string;
}

/** An open connection to the agent. Whoever gets it says at once who reads it. */
export interface Admitted {
  readonly link: FrameLink;
  readonly settings: HostSettings;
}

/** Random, and never used again. */
export function freshNonce(): string {
  return randomBytes(32).toString('hex');
}

/** What shows that `who` knows the key: nobody else can say it, and not for another connection. */
export function proofOf(key: string, who: string, nonces: readonly string[]): string {
  return createHmac('sha256', Buffer.from(key, 'hex'))
    .update(['casare-worker-channel', who, ...nonces].join('\0'))
    .digest('hex');
}

export function isProof(given: string, expected: string): boolean {
  return timingSafeEqual(Buffer.from(given, 'hex'), Buffer.from(expected, 'hex'));
}

/** Dials the agent and is admitted. Throws a Fault: AGENT_NOT_RUNNING, AGENT_UNPROVED, WORKER_CHANNEL, or the agent's own. */
export async function dialAgent(dial: Dial): Promise<Admitted> {
  const socket = createConnection(dial.socket);
  const timer = setTimeout(() => socket.destroy(new Error('no answer in time')), HELLO_MS);
  try {
    return await new Promise<Admitted>((resolve, reject) => {
      const onEnd = (why: string): void => {
        reject(new Fault('AGENT_NOT_RUNNING', `the agent at ${dial.socket} does not answer: ${why}`));
      };
      const nonce = freshNonce();
      const link = new FrameLink(socket, {
        maxBytes: HELLO_BYTES,
        onEnd,
        onFrame: (raw) => {
          const challenge = Challenge.safeParse(raw);
          if (!challenge.success) {
            reject(protocolFault('it began with no challenge'));
            return;
          }
          const nonces = [challenge.data.nonce, nonce];
          const proof = proofOf(dial.key, `${dial.as} ${dial.id}`, nonces);
          link.reads({ maxBytes: HELLO_BYTES, onEnd, onFrame: (answer) => settle(answer, nonces) });
          link.send({ type: 'hello', as: dial.as, id: dial.id, nonce, proof, version: dial.version });
        },
      });
      const settle = (raw: unknown, nonces: readonly string[]): void => {
        const answer = Admission.safeParse(raw);
        if (!answer.success) reject(protocolFault('its answer is none'));
        else if (answer.data.type === 'refused') reject(new Fault(answer.data.code, answer.data.reason));
        else if (!isProof(answer.data.proof, proofOf(dial.key, 'agent', nonces))) {
          reject(
            new Fault('AGENT_UNPROVED', `whoever listens at ${dial.socket} does not know the key: it is no agent`),
          );
        } else {
          // Until somebody reads, nothing of it is lost.
          link.pause();
          resolve({ link, settings: answer.data.settings });
        }
      };
    });
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
