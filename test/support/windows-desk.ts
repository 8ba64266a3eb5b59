/**
 * A Windows desktop for tests, by Wine: the form of `windows-form/` in its own process, and the driver's host in another,
 * reached from here over loopback. Its UI Automation is Wine's own, which shows little, or a double of the real one.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import type { DesktopDriver } from '../../edge-agent/src/desktop/desktop-driver.ts';
import type { Channel } from '../../edge-agent/src/desktop/uia/calls.ts';
import { openUiaDriver } from '../../edge-agent/src/desktop/uia-driver.ts';
import { fetchedPackage } from '../../installer/bundle/fetched-package.ts';
import { lockedAt, readLock } from '../../installer/bundle/lockfile.ts';
import { findTools } from '../../installer/windows/host/build.ts';
import { ROOT } from './program.ts';
import { trixiePackage } from './trixie-package.ts';
import { framed } from './windows-host-frames.ts';
import { placeWindowsNode } from './windows-node.ts';
import { startWine, type Wine } from './wine.ts';

const run = promisify(execFile);
const FORM = path.join(ROOT, 'test/support/windows-form');
const COMPILE_MS = 120_000;
/** The classes of UI Automation, the newer one first. */
const CLASSES = ['{E22AD333-B25F-460C-83D0-0581107395C9}', '{FF48DBA4-60EF-4201-AA87-54103EEF594E}'];
const DOUBLE = [
  'automation.c',
  'automation-patterns.c',
  'automation-controls.c',
  'automation-events.c',
  'automation-menus.c',
];
const PARTS = ['form.c', 'form-hands.c'];
const HEADERS = ['uiautomationclient.h', 'uiautomationcore.h', 'uiautomationcoreapi.h'];

export interface WindowsDesk {
  readonly wine: Wine;
  readonly driver: DesktopDriver;
  /** Opens a window of the form, by its kind. */
  open(kind: string): void;
  close(): Promise<void>;
}

export interface WindowsDeskOptions {
  /** Which UI Automation there is. */
  readonly automation: 'double' | 'wine';
}

/** Throws where `wineOrReason` gives a reason, or without a compiler for Windows. */
export async function startWindowsDesk({ automation }: WindowsDeskOptions): Promise<WindowsDesk> {
  const wine = await startWine({ display: true });
  try {
    const form = path.join(wine.folder, 'form.exe');
    await compileForm(form);
    if (automation === 'double') await registerDouble(wine);
    const entry = await placeHost(wine);
    const node = await placeWindowsNode(wine.folder);
    const driver = await openUiaDriver({
      host: () => processOver(wine, node, [entry, 'host']),
      watch: () => processOver(wine, node, [entry, 'watch']),
    });
    return {
      wine,
      driver,
      open: (kind) => void wine.start(wine.path(form), [kind]).ended.catch(forgotten),
      close: async () => {
        driver.close();
        await wine.stop();
      },
    };
  } catch (error) {
    await wine.stop();
    throw error;
  }
}

/** The form of `windows-form/`. */
export async function compileForm(file: string): Promise<void> {
  const libraries = ['-lcomctl32'];
  await compile(['-municode', '-mwindows', ...PARTS, '-o', file, ...libraries]);
}

/** From now on the double is what programs of this Windows get for UI Automation. */
async function registerDouble(wine: Wine): Promise<void> {
  const library = path.join(wine.folder, 'automation-double.dll');
  const headers = path.join(wine.folder, 'headers');
  await mkdir(headers);
  const newer = path.join(await trixiePackage('mingw-w64-common'), 'usr/share/mingw-w64/include');
  for (const name of HEADERS) await cp(path.join(newer, name), path.join(headers, name));
  const libraries = ['-lole32', '-loleaut32', '-luuid', '-lcomctl32'];
  await compile(['-shared', '-isystem', headers, ...DOUBLE, '-o', library, ...libraries]);
  for (const name of CLASSES) {
    const key = `HKLM\\Software\\Classes\\CLSID\\${name}\\InprocServer32`;
    const { code } = await wine.run('reg', ['add', key, '/ve', '/d', wine.path(library), '/f']);
    if (code !== 0) throw new Error(`the double of UI Automation was not registered: exit code ${code}`);
  }
}

async function compile(args: readonly string[]): Promise<void> {
  const { gcc, env } = await findTools(ROOT);
  await run(gcc, ['-Wall', '-Werror', '-O1', ...args], { cwd: FORM, env, timeout: COMPILE_MS });
}

/** The sources that the host is made of, and the packages that they need; gives the path of its entry. */
async function placeHost(wine: Wine): Promise<string> {
  const place = async (name: string): Promise<string> => {
    const to = path.join(wine.folder, 'host', name);
    await cp(path.join(ROOT, name), to, { recursive: true });
    return to;
  };
  const lock = await readLock(ROOT);
  const native = await fetchedPackage(ROOT, lockedAt(lock, 'node_modules/@koromix/koffi-win32-x64'));
  for (const name of ['edge-agent/src/desktop', 'edge-agent/package.json', 'node_modules/koffi', 'node_modules/zod']) {
    await place(name);
  }
  await cp(native, path.join(wine.folder, 'host/node_modules/@koromix/koffi-win32-x64'), { recursive: true });
  await place('test/package.json');
  await place('test/support/windows-host-frames.ts');
  return place('test/support/windows-host-entry.ts');
}

/** What a program that is ended with its Windows has said is gone. */
const forgotten = (): void => undefined;

/** A process that connects to us: until it has, what is sent waits. */
function processOver(wine: Wine, node: string, [entry, what]: readonly [string, 'host' | 'watch']): Channel {
  const waiting: unknown[] = [];
  const listeners: ((message: unknown) => void)[] = [];
  let onClose: () => void = () => undefined;
  let channel: Channel | null = null;
  let end: () => void = () => undefined;
  const server: Server = createServer((socket) => {
    server.close();
    channel = framed(socket, end);
    for (const listener of listeners) channel.onMessage(listener);
    channel.onClose(() => onClose());
    for (const message of waiting) channel.send(message);
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    const flags = ['--conditions=source', '--no-warnings=ExperimentalWarning'];
    const program = wine.start(wine.path(node), [...flags, wine.path(entry), String(port), what]);
    end = () => void program.kill().catch(forgotten);
    void program.ended.catch(forgotten).then(() => {
      server.close();
      onClose();
    });
  });
  return {
    send: (message) => (channel === null ? waiting.push(message) : channel.send(message)),
    onMessage: (listener) => (channel === null ? listeners.push(listener) : channel.onMessage(listener)),
    onClose: (listener) => {
      onClose = listener;
    },
    end: () => end(),
  };
}
