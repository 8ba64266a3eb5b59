/** Says to the control plane that this agent goes for good: one connection, one word, and its end as the answer. */
import type { ConnectionOptions } from 'node:tls';
import { type AgentMessage, CLOSE } from '@casare/shared/protocol';
import { codeOf, describe } from '../fault.ts';
import type { Network } from '../network/index.ts';
import { dialGateway } from './dial.ts';

export interface Leaving {
  readonly network: Network;
  readonly url: string;
  readonly tls: ConnectionOptions;
}

/** Null when the agent is decommissioned; why it is not, otherwise. Never rejects, and ends within `ms`. */
export async function sayLeave({ network, url, tls }: Leaving, ms: number): Promise<string | null> {
  try {
    return await ask({ network, url, tls }, ms);
  } catch (error) {
    return describe(error);
  }
}

function ask({ network, url, tls }: Leaving, ms: number): Promise<string | null> {
  const socket = dialGateway(network, url, tls, ms);
  const leave: AgentMessage = { type: 'agent.leave' };
  let [isSaid, why] = [false, 'it does not answer'];
  const timer = setTimeout(() => socket.terminate(), ms);
  socket.on('open', () => socket.send(JSON.stringify(leave), () => (isSaid = true)));
  socket.on('error', (error) => (why = `${codeOf(error)} ${describe(error)}`.trim()));
  return new Promise((resolve) => {
    socket.on('close', (code, reason) => {
      clearTimeout(timer);
      if (isSaid && code === CLOSE.left) resolve(null);
      else resolve(reason.length > 0 ? `it ends the session: ${reason.toString()}` : why);
    });
  });
}
