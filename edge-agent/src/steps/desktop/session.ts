/**
 * A run's desktop session: one desktop with the programs that the run opened or attached to. `desktop.open` or
 * `desktop.attach` starts it, `desktop.close` or the end of the run ends it; it is never restored after a restart.
 */
import type { DesktopDriver, DesktopWindow, StartedDesktop } from '../../desktop/index.ts';
import { StepFailure, type StepContext } from '../../engine/index.ts';
import { parentOf } from '../../runner/process-tree.ts';
import { DesktopMemory } from './memory.ts';

const SESSION = 'desktop';
/** Processes between a window's and the one that was opened. */
const MAX_LEVELS = 20;

export class DesktopSession {
  readonly driver: DesktopDriver;
  /** What programs get as their environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly memory = new DesktopMemory();
  readonly #desktop: StartedDesktop;
  /** On a display that others use too: the processes whose windows the run may see. */
  readonly #processes = new Set<number>();
  #isGone = false;

  constructor(desktop: StartedDesktop) {
    this.#desktop = desktop;
    this.driver = desktop.driver;
    this.env = desktop.env;
    this.driver.gone.catch(() => {
      this.#isGone = true;
    });
  }

  /** The session of the run; fails with DESKTOP_NOT_OPEN or DESKTOP_GONE. */
  static of(context: StepContext): DesktopSession {
    const session = DesktopSession.find(context);
    if (session !== null && !session.#isGone) return session;
    throw new StepFailure({
      type: 'runtime',
      status: 409,
      code: session === null ? 'DESKTOP_NOT_OPEN' : 'DESKTOP_GONE',
      title: session === null ? 'No desktop session is open' : 'The desktop has ended',
      detail: `${session === null ? 'This run has no desktop session' : 'The display or its accessibility bus ended'}: call desktop.open first`,
      certain: true,
    });
  }

  static find({ session: live }: Pick<StepContext, 'session'>): DesktopSession | null {
    const session = live.get(SESSION);
    return session instanceof DesktopSession ? session : null;
  }

  /** Makes this the run's session. */
  register(context: StepContext): void {
    context.session.set(SESSION, this);
  }

  /** Ends the run's session, if it has one. */
  static async end(context: Pick<StepContext, 'session'>): Promise<void> {
    const session = DesktopSession.find(context);
    context.session.delete(SESSION);
    await session?.close();
  }

  /** Whether the display is the run's alone. */
  get own(): boolean {
    return this.#desktop.own;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** From now on the run sees the windows of this process. */
  admit(process: number): void {
    this.#processes.add(process);
  }

  /** The windows that the run may see. */
  async windows(): Promise<DesktopWindow[]> {
    const all = await this.driver.elements.windows();
    return this.own ? all : all.filter((window) => this.#isAdmitted(window));
  }

  /** Itself, or what started it: programs often begin with a launcher. */
  #isAdmitted({ process, startedBy }: DesktopWindow): boolean {
    if (startedBy !== undefined) return [process, ...startedBy].some((one) => this.#processes.has(one));
    let current: number | null = process;
    for (let level = 0; current !== null && current > 1 && level < MAX_LEVELS; level += 1) {
      if (this.#processes.has(current)) return true;
      current = parentOf(current);
    }
    return false;
  }

  async close(): Promise<void> {
    await this.#desktop.close();
  }
}
