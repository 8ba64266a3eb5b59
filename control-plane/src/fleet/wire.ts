/**
 * Messages as text frames. Both directions are parsed: what an agent sends that is no message of the protocol is
 * `null`, what we would send that is none is a fault of ours and throws.
 */
import { AgentMessage, isProbed, ServerMessage } from '@casare/shared/protocol';
import { assignmentText } from '../jobs/index.ts';

export type { AgentMessage, ServerMessage };

/** Of the messages of an agent, the one of this type. */
export type FromAgent<Type extends AgentMessage['type']> = Extract<AgentMessage, { type: Type }>;

/** Reads a text frame. Never throws: nesting that overflows the stack is no message either. */
export function readMessage(frame: Buffer): AgentMessage | null {
  try {
    const text = frame.toString('utf8');
    // PostgreSQL stores neither U+0000 nor half a surrogate pair.
    const value: unknown = /\\u(0000|d[89a-f])/i.test(text) ? JSON.parse(text, clean) : JSON.parse(text);
    const parsed = AgentMessage.safeParse(value);
    return parsed.success ? believable(parsed.data) : null;
  } catch {
    return null;
  }
}

/** Without capabilities that no probe finds: a newer agent may know more probes, a hostile one claims grants. */
function believable(message: AgentMessage): AgentMessage {
  if (message.type !== 'hello' && message.type !== 'capabilities') return message;
  return { ...message, capabilities: message.capabilities.filter(isProbed) };
}

/** Writes a text frame. An assignment was checked and written when it was built. */
export function writeMessage(message: ServerMessage): Buffer {
  const written = message.type === 'job.assign' ? assignmentText(message) : undefined;
  return Buffer.from(written ?? JSON.stringify(ServerMessage.parse(message)), 'utf8');
}

/** A close reason as it fits into a close frame (RFC 6455, section 5.5: 125 bytes with the code). */
export function closeReason(reason: string): string {
  let short = reason.slice(0, 120);
  while (Buffer.byteLength(short) > 120) short = short.slice(0, -1);
  return short.toWellFormed();
}

function clean(_: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\u0000', '\ufffd').toWellFormed() : value;
}
