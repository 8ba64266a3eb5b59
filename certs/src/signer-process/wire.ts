/**
 * What goes between a signer and its callers: one JSON value a line, each parsed by whoever receives it and by whoever
 * sends it. Requests carry an id, answers repeat it; answers may come in any order.
 *
 * Requests follow the signer's `ready`. Over a socket that was inherited (the signer is a child of its one caller) that is
 * the first line; over a socket that has a path, both sides first prove that they read the same credential file
 * (`credential.ts`).
 */
import { z } from 'zod';
import { OPERATIONS, SignerCode, type Signer } from '../signer.ts';

/** A line is at most so long, in both directions: twice what the largest message needs. */
export const LINE_BYTES = 65_536;
/** Requests of one connection that the signer works on at once; the rest waits unread. */
export const IN_FLIGHT = 64;

export type Operation = keyof Signer;
export const Operation = z.enum(Object.keys(OPERATIONS) as [Operation, ...Operation[]]);

const nonce = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const proof = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const id = z.int().min(1).max(Number.MAX_SAFE_INTEGER);

/** From the caller. */
export const Greeting = z.strictObject({ type: z.literal('hello'), version: z.literal(1), nonce });
export const Proof = z.strictObject({ type: z.literal('proof'), proof });
export const Request = z.strictObject({
  type: z.literal('request'),
  id,
  operation: Operation,
  message: z.record(z.string().max(40), z.unknown()),
});
export type Request = z.infer<typeof Request>;

/** From the signer. */
export const Challenge = z.strictObject({ type: z.literal('challenge'), nonce, proof });
export const Ready = z.strictObject({ type: z.literal('ready') });
export const Answer = z.strictObject({
  type: z.literal('answer'),
  id,
  result: z.union([
    z.strictObject({ ok: z.literal(true), value: z.record(z.string().max(40), z.unknown()) }),
    z.strictObject({ ok: z.literal(false), code: SignerCode, message: z.string().max(2_000) }),
  ]),
});
export type Answer = z.infer<typeof Answer>;

/** A line's value when it is what `schema` says, else null. Never throws. */
export function parseLine<S extends z.ZodType>(schema: S, line: string): z.output<S> | null {
  try {
    const parsed = schema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : null;
  } catch {
    // Not JSON, or nested too deep for the parser: both are no message.
    return null;
  }
}

/** The line of a message. Throws when it is not what `schema` says, or too long: a fault of the sender. */
export function lineFor<S extends z.ZodType>(schema: S, message: z.input<S>): string {
  const line = `${JSON.stringify(schema.parse(message))}\n`;
  if (Buffer.byteLength(line) > LINE_BYTES) throw new RangeError(`a message has at most ${LINE_BYTES} bytes`);
  return line;
}
