/** What the desktop steps have in common. `open` and `attach` start the run's desktop session; the others act in it. */
import { z } from 'zod';
import { Target } from '../arguments.ts';

const desktop = { slot: 'desktop', capabilities: ['desktop'], needsSession: true } as const;
/** Reading, and what only changes how windows lie on the screen. */
export const reading = { ...desktop, effect: 'idempotent' } as const;
/** Whatever is done in an application may have changed something outside. */
export const acting = { ...desktop, effect: 'unsafe' } as const;

/** How long an application may take to start, milliseconds. */
export const STARTING_MS = 60_000;

/** Conditions to wait for; all that are given must hold. */
export const DesktopExpectation = z
  .strictObject({ visible: Target.optional(), gone: Target.optional() })
  .refine((value) => Object.keys(value).length > 0, 'expected at least one of `visible`, `gone`')
  .describe('What to wait for afterwards: `visible`, `gone` (selectors).');
export type DesktopExpectation = z.infer<typeof DesktopExpectation>;

/** The window in front after the step. */
export const WindowState = z.strictObject({
  window: z.string().describe('The title of the window in front.'),
  application: z.string().describe('The path of its program.'),
});
export type WindowState = z.infer<typeof WindowState>;

/** Pixels of the screen. */
export const Pixels = z.int().min(-32_000).max(32_000);
/** Width or height, pixels. */
export const Length = z.int().min(1).max(32_000);
