/**
 * A display of its own for a run: Xvfb, a window manager, a message bus with the accessibility registry, a private home
 * and runtime folder. Only what carries its cookie can connect. Everything it starts carries a marker in its environment,
 * so that its end, also after kill -9 of the worker (whose own marker they inherit too), leaves nothing behind.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { killMarked } from '../../runner/process-tree.ts';
import { DesktopError } from '../desktop-error.ts';
import { XConnection } from '../x11/connection.ts';
import { clearSessions, DISPLAY_MARKER, noteSession, removeServerFiles, SESSION_PREFIX } from './leftovers.ts';
import { neededProgram, startProgram, type StartedProgram } from './programs.ts';
import type { ScreenSize } from './settings.ts';
import { windowManagerSettings } from './window-manager-settings.ts';

/** Each of the parts has to come up in this time, milliseconds. */
const START_MS = 20_000;
/** The server removes its files when it is asked to end; after this it is killed. Milliseconds. */
const END_MS = 2_000;
const LOOK_AGAIN_MS = 20;
/** Of the agent's environment, what programs on the display get. */
const INHERITED = [
  'PATH',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'LD_LIBRARY_PATH',
  'CASARE_WORKER_MARKER',
];

/** A display that programs can be started on. */
export interface StartedDisplay {
  /** What programs on it get as their environment. */
  readonly env: NodeJS.ProcessEnv;
  readonly connection: XConnection;
  /** The address of its message bus. */
  readonly bus: string;
  /** Whose windows steps may use: on a display of its own all, on the present one only what the run opened or attached to. */
  readonly own: boolean;
  close(): Promise<void>;
}

/** @throws DesktopError DESKTOP_PROGRAM_MISSING, DESKTOP_NOT_STARTED */
export async function startVirtualDisplay(
  screen: ScreenSize,
  env: Readonly<Record<string, string | undefined>>,
): Promise<StartedDisplay> {
  const [xvfb, openbox, daemon] = await Promise.all([
    neededProgram('Xvfb', env),
    neededProgram('openbox', env),
    neededProgram('dbus-daemon', env),
  ]);
  // Those of processes that were killed.
  clearSessions(tmpdir(), { own: false });
  const display = new VirtualDisplay(env);
  try {
    await display.startServer(xvfb, screen);
    await Promise.all([display.startWindowManager(openbox), display.startBus(daemon)]);
    return display;
  } catch (error) {
    await display.close();
    throw error;
  }
}

class VirtualDisplay implements StartedDisplay {
  readonly own = true;
  readonly env: NodeJS.ProcessEnv;
  readonly #folder = mkdtempSync(join(tmpdir(), SESSION_PREFIX));
  readonly #marker = randomUUID();
  readonly #cookie = randomBytes(16);
  #server: StartedProgram | null = null;
  #connection: XConnection | null = null;

  constructor(env: Readonly<Record<string, string | undefined>>) {
    const folder = this.#folder;
    noteSession(folder, this.#marker);
    this.env = {
      ...Object.fromEntries(INHERITED.map((name) => [name, env[name]] as const).filter(([, value]) => value)),
      LANG: env['LANG'] ?? env['LC_ALL'] ?? 'C.UTF-8',
      [DISPLAY_MARKER]: this.#marker,
      HOME: join(folder, 'home'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      XAUTHORITY: join(folder, 'authority'),
      // Toolkits that show themselves only to those who are known to look.
      QT_LINUX_ACCESSIBILITY_ALWAYS_ON: '1',
      ACCESSIBILITY_ENABLED: '1',
      GDK_BACKEND: 'x11',
      XDG_SESSION_TYPE: 'x11',
      // Settings and recent files stay within the run.
      GSETTINGS_BACKEND: 'memory',
      NO_AT_BRIDGE: '0',
    };
  }

  get connection(): XConnection {
    if (this.#connection === null) throw new Error('the display has not been started');
    return this.#connection;
  }

  get bus(): string {
    return `unix:path=${this.#folder}/run/bus`;
  }

  /** The server chooses a free number and says which when it is ready. */
  async startServer(path: string, { width, height }: ScreenSize): Promise<void> {
    await Promise.all(['home', 'run'].map((name) => mkdir(join(this.#folder, name), { mode: 0o700 })));
    await writeFile(join(this.#folder, 'authority'), authorityFile(this.#cookie), { mode: 0o600 });
    const args = ['-displayfd', '3', '-screen', '0', `${width}x${height}x24`, '-nolisten', 'tcp', '-noreset'];
    const server = await startProgram(path, [...args, '-auth', join(this.#folder, 'authority')], {
      env: { ...this.env, HOME: this.#folder },
      pipes: 1,
    });
    this.#server = server;
    const number = Number(await firstLine(server, 'Xvfb'));
    noteSession(this.#folder, this.#marker, { number, server: server.child.pid ?? 0 });
    this.env['DISPLAY'] = `:${number}`;
    this.#connection = await XConnection.open({ display: `:${number}`, cookie: this.#cookie });
  }

  /** Ready when the root window names it (EWMH, _NET_SUPPORTING_WM_CHECK). */
  async startWindowManager(path: string): Promise<void> {
    const settings = join(this.#folder, 'openbox.xml');
    await writeFile(settings, windowManagerSettings());
    const manager = await startProgram(path, ['--sm-disable', '--config-file', settings], { env: this.env });
    const until = Date.now() + START_MS;
    while ((await this.connection.numbers(this.connection.root, '_NET_SUPPORTING_WM_CHECK')).length === 0) {
      if (manager.exit() !== null || Date.now() > until) throw notStarted('openbox', manager);
      await delay(LOOK_AGAIN_MS);
    }
  }

  /** Services that the bus starts, such as the accessibility registry, inherit its environment. */
  async startBus(path: string): Promise<void> {
    this.env['DBUS_SESSION_BUS_ADDRESS'] = this.bus;
    const args = ['--session', '--nofork', '--nopidfile', '--nosyslog', `--address=${this.bus}`, '--print-address=3'];
    await firstLine(await startProgram(path, args, { env: this.env, pipes: 1 }), 'dbus-daemon');
  }

  async close(): Promise<void> {
    this.#connection?.close();
    const server = this.#server;
    killMarked(DISPLAY_MARKER, this.#marker, server?.child.pid);
    if (server !== null) {
      server.child.kill('SIGTERM');
      // Nothing else may keep the process alive until the server has ended.
      const ended = new AbortController();
      await Promise.race([server.ended, delay(END_MS, undefined, { signal: ended.signal }).catch(() => undefined)]);
      ended.abort();
      server.child.kill('SIGKILL');
    }
    killMarked(DISPLAY_MARKER, this.#marker);
    removeServerFiles(this.#folder);
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What a program writes when it is ready, or why it is not. */
async function firstLine(program: StartedProgram, name: string): Promise<string> {
  const pipe = program.child.stdio[3] as Readable;
  let text = '';
  const line = new Promise<string>((resolve) => {
    pipe.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.split('\n', 1)[0]!);
    });
  });
  const first = await Promise.race([line, program.ended.then(() => null), delay(START_MS, null, { ref: false })]);
  pipe.destroy();
  if (first === null) throw notStarted(name, program);
  return first;
}

function notStarted(name: string, program: StartedProgram): DesktopError {
  const exit = program.exit();
  const what = exit === null ? `was not ready after ${START_MS / 1_000} s` : `ended (exit code ${exit.code ?? 'none'})`;
  const words = program.lastWords();
  return new DesktopError('DESKTOP_NOT_STARTED', `${name} ${what}${words === '' ? '' : `: ${words}`}`);
}

/** An Xauthority file (Xsecurity(7)) with one cookie for every display: the server that reads it has no number yet. */
function authorityFile(cookie: Buffer): Buffer {
  const ANY = 0xff_ff;
  const counted = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  const family = Buffer.from([ANY >> 8, ANY & 0xff]);
  const empty = counted(Buffer.alloc(0));
  return Buffer.concat([family, empty, empty, counted(Buffer.from('MIT-MAGIC-COOKIE-1')), counted(cookie)]);
}
