/** Virtual displays: private, several at once, and gone without a trace, also after kill -9. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import { killMarked, killTree, MARKER_VARIABLE, startTicksOf } from '../../runner/process-tree.ts';
import { removeScratch } from '../../runner/scratch.ts';
import { desktopPrograms, skipName } from '../desktop-for-tests.ts';
import { XConnection } from '../x11/connection.ts';
import { clearSessions, DISPLAY_MARKER } from './leftovers.ts';
import { type StartedDisplay, startVirtualDisplay } from './virtual-display.ts';

const reason = await desktopPrograms();
const owners: Owner[] = [];
const SIZE = { width: 640, height: 480 };

describe.skipIf(reason !== null)(skipName('a virtual display', reason), () => {
  const open: StartedDisplay[] = [];
  afterEach(async () => {
    for (const display of open.splice(0)) await display.close();
    for (const { child, marker } of owners.splice(0)) {
      child.kill('SIGKILL');
      killMarked(DISPLAY_MARKER, marker);
    }
  });
  const start = async (): Promise<StartedDisplay> => {
    const display = await startVirtualDisplay(SIZE, process.env);
    open.push(display);
    return display;
  };

  test('has the size that was asked for, a window manager, and a bus and home of its own', async () => {
    const { connection, env } = await start();
    expect(connection.size).toEqual(SIZE);
    expect(await connection.numbers(connection.root, '_NET_SUPPORTING_WM_CHECK')).toHaveLength(1);
    for (const name of ['HOME', 'XDG_RUNTIME_DIR']) {
      expect(env[name]).toContain(tmpdir());
      expect(existsSync(env[name]!)).toBe(true);
    }
  });

  test('two at once are two displays', async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(one.env['DISPLAY']).not.toBe(other.env['DISPLAY']);
  });

  test('lets nobody in without its cookie', async () => {
    const { env } = await start();
    const display = env['DISPLAY']!;
    await expect(XConnection.open({ display, cookie: Buffer.alloc(16) })).rejects.toMatchObject({
      code: 'DESKTOP_NO_DISPLAY',
    });
    // The control: with it, the same request is let in.
    const file = readFileSync(env['XAUTHORITY']!);
    const admitted = await XConnection.open({ display, cookie: file.subarray(-16) });
    expect(admitted.size).toEqual(SIZE);
    admitted.close();
  });

  test('leaves nothing behind when it is closed', async () => {
    const display = await startVirtualDisplay(SIZE, process.env);
    const { HOME, DISPLAY } = display.env;
    expect(marked(DISPLAY_MARKER, display.env[DISPLAY_MARKER]!).length).toBeGreaterThan(2);
    await display.close();
    await expect.poll(() => marked(DISPLAY_MARKER, display.env[DISPLAY_MARKER]!)).toEqual([]);
    expect(existsSync(HOME!)).toBe(false);
    expect(leftFiles(DISPLAY!)).toEqual([]);
  });

  test('leaves nothing behind when its worker is killed and the agent clears up', async () => {
    const marker = randomUUID();
    const scratch = join(tmpdir(), `casare-${marker}`);
    const owner = await startOwner({ [MARKER_VARIABLE]: marker, TMPDIR: scratch }, scratch);
    await kill(owner.child);
    // The control: its processes live on.
    expect(marked(MARKER_VARIABLE, marker).length).toBeGreaterThan(2);
    expect(serverFiles(owner.display).filter(existsSync)).not.toEqual([]);
    killTree({ pid: owner.child.pid!, startTicks: 0, marker });
    removeScratch(marker);
    await expect.poll(() => marked(MARKER_VARIABLE, marker)).toEqual([]);
    expect(existsSync(scratch)).toBe(false);
    expect(leftFiles(owner.display)).toEqual([]);
  });

  test('of a process that was killed is cleared by the next, and one whose owner lives is not', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'casare-leftovers-'));
    const [dead, alive] = await Promise.all([startOwner({ TMPDIR: folder }), startOwner({ TMPDIR: folder })]);
    await kill(dead.child);
    clearSessions(folder, { own: false });
    await expect.poll(() => marked(DISPLAY_MARKER, dead.marker)).toEqual([]);
    expect(leftFiles(dead.display)).toEqual([]);
    expect(marked(DISPLAY_MARKER, alive.marker).length).toBeGreaterThan(2);
    await kill(alive.child);
    clearSessions(folder, { own: false });
    await expect.poll(() => marked(DISPLAY_MARKER, alive.marker)).toEqual([]);
    expect(readdirSync(folder)).toEqual([]);
    await rm(folder, { recursive: true });
  });
});

interface Owner {
  readonly child: ChildProcess;
  readonly display: string;
  readonly marker: string;
}

async function startOwner(env: Record<string, string>, make?: string): Promise<Owner> {
  if (make !== undefined) await mkdir(make, { mode: 0o700 });
  const module = fileURLToPath(new URL('./display-owner-for-tests.ts', import.meta.url));
  const child = spawn(process.execPath, ['--conditions=source', module], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const owner = { child, ...(JSON.parse(line) as { display: string; marker: string }) };
    owners.push(owner);
    return owner;
  }
  throw new Error('the owner did not start a display');
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

/** The processes with this variable in their environment, but for those that only wait to be collected. */
function marked(variable: string, value: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => startTicksOf(pid) !== null && environmentOf(pid).includes(`${variable}=${value}`));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

function serverFiles(display: string): string[] {
  const number = display.slice(1);
  return [`/tmp/.X${number}-lock`, `/tmp/.X11-unix/X${number}`];
}

/** Those of its files that nobody uses: another server, of another test, may have taken the number since. */
function leftFiles(display: string): string[] {
  const listening = readFileSync('/proc/net/unix', 'latin1');
  const [lock, socket] = serverFiles(display) as [string, string];
  return listening.includes(` ${socket}\n`) ? [] : [lock, socket].filter(existsSync);
}
