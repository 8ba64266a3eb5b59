/** What is said of a secret on the command line, and how one is shown. */
import type { Secret } from '@casare/shared/api';
import { details } from '@casare/shared/terminal';
import type { Command } from 'commander';
import { UsageError } from './exit.ts';
import { lengthOfTime } from './key-commands.ts';
import type { Session } from './session.ts';

const DAY_SECONDS = 86_400;

export interface AboutOptions {
  readonly description?: string;
  readonly step?: readonly string[];
  readonly anyStep?: boolean;
  readonly origin?: readonly string[];
  readonly anyOrigin?: boolean;
  readonly replaceAfter?: number;
}

/** The options that say what of a secret. */
export function aboutOptions(command: Command): Command {
  const again = (text: string, before: string[] | undefined) => [...(before ?? []), text];
  return command
    .option('--description <text>', 'what it is, for people')
    .option('--step <step>', 'only for this step, such as browser.fill, or browser.*; may be repeated', again)
    .option('--any-step', 'for every step')
    .option('--origin <origin>', 'only to this origin, such as https://portal.example.com; may be repeated', again)
    .option('--any-origin', 'to every origin')
    .option('--replace-after <time>', 'call it due after so long without a new version, such as 90d', lengthOfTime);
}

/** @throws UsageError */
export function aboutOf(options: AboutOptions): Record<string, unknown> {
  const { description, step, anyStep, origin, anyOrigin, replaceAfter } = options;
  if (step !== undefined && anyStep === true) throw new UsageError('--step and --any-step exclude each other.');
  if (origin !== undefined && anyOrigin === true) throw new UsageError('--origin and --any-origin exclude each other.');
  return {
    ...(description === undefined ? {} : { description }),
    ...(step !== undefined || anyStep === true ? { allowedSteps: step ?? null } : {}),
    ...(origin !== undefined || anyOrigin === true ? { allowedOrigins: origin ?? null } : {}),
    ...(replaceAfter === undefined ? {} : { rotateAfterDays: Math.max(1, Math.ceil(replaceAfter / DAY_SECONDS)) }),
  };
}

export function showSecret(session: Session, secret: Secret): void {
  session.show(secret, (shown) =>
    details([
      ['secret', shown.name],
      ['mode', shown.mode],
      ['version', String(shown.version)],
      ['description', shown.description],
      ['steps', shown.allowedSteps?.join(', ') ?? 'all'],
      ['origins', shown.allowedOrigins?.join(', ') ?? 'all'],
      ['replace', replacedAfter(shown)],
    ]),
  );
}

export function replacedAfter({ rotateAfterDays }: Secret): string {
  return rotateAfterDays === null ? 'never' : `after ${rotateAfterDays} days`;
}
