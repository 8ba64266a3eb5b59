/** `desktop.open`: starts a program and waits for its window. */
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DESKTOP_STEPS } from '@casare/shared/workflow';
import {
  findProgram,
  matching,
  startProgram,
  type DesktopNode,
  type DesktopWindow,
  type StartedProgram,
} from '../../desktop/index.ts';
import { StepFailure, type Step } from '../../engine/index.ts';
import { stateOf } from './expectation.ts';
import { changeCount, selectorOf, untilChanged } from './locate.ts';
import { type DesktopStart, sessionFor } from './session-start.ts';
import { type DesktopScope, sessionStep } from './step.ts';

/** `start` makes a desktop for each session, which owns it. */
export function openStep(start: DesktopStart): Step {
  return sessionStep(DESKTOP_STEPS.open, async ({ app, args, window, screen }, frame) => {
    // What cannot be is said before anything is started.
    if (window !== undefined) selectorOf(window);
    const session = await sessionFor(frame, start, screen);
    return frame.run(session, async (scope) => {
      const program = await launch(scope, app, args ?? []);
      return stateOf(await opened(scope, program, app, window), scope);
    });
  });
}

interface Launched {
  readonly program: StartedProgram;
  /** The windows that were there before. */
  readonly before: ReadonlySet<string>;
}

async function launch(scope: DesktopScope, app: string, args: readonly string[]): Promise<Launched> {
  const { context, session } = scope;
  const found = await findProgram(app, session.env);
  if (found === null) throw notFound(app);
  await context.policy.checkApplication(found.real);
  const cwd = join(context.runFolder, 'files');
  await mkdir(cwd, { recursive: true, mode: 0o700 });
  // File dialogs begin in the home: there the run's files are `files`. It is there already for the second program.
  if (session.own) await symlink(cwd, join(session.env['HOME'] ?? '', 'files')).catch(() => undefined);
  const before = new Set((await session.windows()).map(({ element }) => element.ref));
  scope.signal.throwIfAborted();
  scope.acting();
  const program = await startProgram(found, args, { env: session.env, cwd });
  if (program.child.pid !== undefined) session.admit(program.child.pid);
  return { program, before };
}

/** A program that is open already may hand over to itself and end: then its window is waited for all the same. */
async function opened(
  scope: DesktopScope,
  { program, before }: Launched,
  app: string,
  target: string | undefined,
): Promise<DesktopWindow> {
  for (;;) {
    const since = changeCount(scope);
    const windows = (await scope.session.windows()).filter(({ element }) => element.states.has('showing'));
    const found = windows.filter((window) =>
      target === undefined ? !before.has(window.element.ref) : isMeant(window, target),
    );
    const [window] = found;
    if (window !== undefined) return window;
    const exit = program.exit();
    if (exit !== null && exit.code !== 0) throw ended(scope, program, app, exit.code);
    if (scope.signal.aborted) throw notOpened(app, windows, target);
    await untilChanged(scope, since);
  }
}

function isMeant(window: DesktopWindow, target: string): boolean {
  const node: DesktopNode = { element: window.element, window, ancestors: [] };
  const { steps } = selectorOf(target);
  return matching([node], { steps: steps.slice(0, 1) }).length > 0;
}

function notFound(app: string): StepFailure {
  return new StepFailure({
    type: 'configuration',
    status: 404,
    code: 'APPLICATION_NOT_FOUND',
    title: 'There is no such program on the agent',
    detail: `${JSON.stringify(app.slice(0, 200))} is no program that the agent may run: give its full path, or install it`,
    certain: true,
  });
}

function ended(scope: DesktopScope, program: StartedProgram, app: string, code: number | null): StepFailure {
  // What it says may hold what it was given.
  const words = scope.context.usesSecret ? '' : program.lastWords();
  return new StepFailure({
    type: 'runtime',
    code: 'APPLICATION_ENDED',
    title: 'The program ended before it showed a window',
    detail: `${JSON.stringify(app.slice(0, 200))} ended (${code === null ? 'killed' : `exit code ${code}`})${words === '' ? '' : `: ${words}`}`,
  });
}

function notOpened(app: string, windows: readonly DesktopWindow[], target: string | undefined): StepFailure {
  const titles = windows.map(({ title }) => JSON.stringify(title.slice(0, 100))).slice(0, 10);
  return new StepFailure({
    type: 'timeout',
    status: 408,
    code: 'WINDOW_NOT_OPENED',
    title: 'The program showed no such window in time',
    detail: `${JSON.stringify(app.slice(0, 200))} was started and ${target ?? 'a window'} did not appear; open windows: ${titles.join(', ') || 'none'}`,
  });
}
