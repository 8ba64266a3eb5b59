/**
 * What the agent's side of a Windows desktop asks its host process (`host.ts`), and what it answers: one table, by which
 * both ends parse. Elements are named by `ref`; the host keeps what is behind it.
 */
import { z } from 'zod';

/** The longest text of an element that crosses. */
const TEXT = z.string().max(1_000_000);
const SHORT = z.string().max(32_768);
const Ref = z.string().min(1).max(500);

export const WireElement = z.strictObject({
  ref: Ref,
  roles: z.array(z.string().max(50)).min(1).max(10),
  nativeRole: z.string().max(100),
  name: SHORT,
  id: SHORT,
  states: z.array(z.string().max(50)).max(30),
});
export type WireElement = z.infer<typeof WireElement>;

export const WireWindow = z.strictObject({
  element: WireElement,
  title: SHORT,
  application: SHORT,
  process: z.int(),
  /** The processes that started it, the nearest first. */
  startedBy: z.array(z.int()).max(30),
  active: z.boolean(),
});
export type WireWindow = z.infer<typeof WireWindow>;

const whole = z.int().min(-1_000_000).max(1_000_000);
const Box = z.strictObject({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });
const Point = z.strictObject({ x: z.number(), y: z.number() });
const Button = z.enum(['left', 'middle', 'right']);
const WindowStates = z.enum(['normal', 'maximized', 'minimized']);
const Refs = z.array(Ref).max(10_000);
const nothing = z.null();
const onElement = z.tuple([Ref]);
const done = { args: onElement, result: z.boolean() };

const WirePicture = z.strictObject({
  x: z.int(),
  y: z.int(),
  width: z.int(),
  height: z.int(),
  rgb: z.custom<Uint8Array>((bytes) => bytes instanceof Uint8Array),
});

/** Arguments and results by the names of calls. */
export const CALLS = {
  hello: { args: z.tuple([]), result: Box },
  windows: { args: z.tuple([]), result: z.array(WireWindow).max(2_000) },
  children: { args: onElement, result: z.array(WireElement).max(5_000) },
  again: { args: onElement, result: WireElement.nullable() },
  bounds: { args: onElement, result: Box.nullable() },
  invoke: done,
  focus: done,
  /** With what it is in, from the outermost in. */
  reveal: { args: z.tuple([Ref, Refs]), result: z.boolean() },
  select: done,
  expand: { args: z.tuple([Ref, z.boolean()]), result: z.boolean() },
  text: { args: onElement, result: TEXT.nullable() },
  setText: { args: z.tuple([Ref, TEXT]), result: z.boolean() },
  range: {
    args: onElement,
    result: z.strictObject({ value: z.number(), least: z.number(), most: z.number() }).nullable(),
  },
  setRange: { args: z.tuple([Ref, z.number()]), result: z.boolean() },
  settled: { args: z.tuple([Ref, whole]), result: nothing },
  table: {
    args: z.tuple([Ref, whole]),
    result: z.strictObject({ columns: z.array(SHORT), rows: z.array(z.array(SHORT)) }).nullable(),
  },
  activate: { args: onElement, result: nothing },
  close: { args: onElement, result: nothing },
  place: { args: z.tuple([Ref, Box.partial()]), result: nothing },
  setState: { args: z.tuple([Ref, WindowStates]), result: nothing },
  windowBounds: { args: onElement, result: Box.nullable() },
  windowState: { args: onElement, result: WindowStates },
  others: { args: z.tuple([Refs]), result: z.array(Box) },
  coverAt: {
    args: z.tuple([Ref, Point, z.boolean()]),
    result: z.strictObject({ what: SHORT }).nullable(),
  },
  click: { args: z.tuple([Point, Button, z.int().min(1).max(10)]), result: nothing },
  move: { args: z.tuple([Point]), result: nothing },
  hold: { args: z.tuple([Point]), result: nothing },
  drop: { args: z.tuple([Point]), result: nothing },
  wheel: { args: z.tuple([Point, whole, z.boolean()]), result: nothing },
  type: { args: z.tuple([TEXT]), result: nothing },
  press: { args: z.tuple([z.array(z.string().max(50)).max(20)]), result: nothing },
  readClipboard: { args: z.tuple([]), result: TEXT },
  writeClipboard: { args: z.tuple([TEXT]), result: nothing },
  picture: { args: onElement, result: WirePicture.nullable() },
  capture: { args: z.tuple([Box]), result: WirePicture },
} as const satisfies Record<string, { args: z.ZodType; result: z.ZodType }>;

export type CallName = keyof typeof CALLS;
export type CallArgs<N extends CallName> = z.infer<(typeof CALLS)[N]['args']>;
export type CallResult<N extends CallName> = z.infer<(typeof CALLS)[N]['result']>;

/** The host's side: what does each call. */
export type CallHandlers = { readonly [N in CallName]: (...args: CallArgs<N>) => CallResult<N> };

/** From the agent's side. */
export const Asked = z.strictObject({
  id: z.int().min(1),
  call: z.enum(Object.keys(CALLS) as [CallName, ...CallName[]]),
  args: z.array(z.unknown()).max(5),
});
export type Asked = z.infer<typeof Asked>;

/** From the host. */
export const Answered = z.union([
  z.strictObject({ id: z.int(), result: z.unknown() }),
  z.strictObject({ id: z.int(), fault: z.strictObject({ code: z.string().max(50), message: z.string().max(2_000) }) }),
]);
export type Answered = z.infer<typeof Answered>;

/** How the two sides reach each other: messages as the structured clone algorithm has them, in order. */
export interface Channel {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  onClose(listener: () => void): void;
  /** Ends the other side, whatever it does. */
  end(): void;
}
