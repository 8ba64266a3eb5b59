/** The viewer of run records for tests: records by the real writer, served by the real `casare run-view`, in a real Chromium. */
import { recordFiles, type RecordSource } from '@casare/shared/record';
import { createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Page } from 'playwright-core';
import { zipOf } from '../../control-plane/src/jobs/run-zip.ts';
import { startBrowser, type StartedBrowser } from '../../edge-agent/dist/browser/index.js';
import { ROOT, startProgram, type Program } from './program.ts';

export const WRITTEN_AT = new Date('2026-11-01T12:00:00Z');

/** So many seconds after the record's beginning. */
export function second(n: number): string {
  return new Date(WRITTEN_AT.getTime() + n * 1_000).toISOString();
}

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

export class RecordViewer {
  readonly folder: string;
  readonly chromium: StartedBrowser;
  #program: Program | null = null;
  /** What pages threw, and what their own policy stopped. */
  #violations: string[] = [];

  private constructor(folder: string, chromium: StartedBrowser) {
    this.folder = folder;
    this.chromium = chromium;
  }

  static async start(): Promise<RecordViewer> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'casare-run-view-'));
    const cache = path.join(ROOT, 'node_modules/.cache/casare-tests');
    return new RecordViewer(folder, await startBrowser({ home: cache, env: process.env, platform: process.platform }));
  }

  /** Writes a record; its path. */
  async write(source: RecordSource): Promise<string> {
    const zip = path.join(this.folder, 'run.zip');
    const viewer = await readFile(path.join(ROOT, 'shared/dist/viewer.html'), 'utf8');
    const files = recordFiles(source, { writtenAt: WRITTEN_AT, writtenBy: 'a test', viewer });
    await pipeline(zipOf(files, WRITTEN_AT), createWriteStream(zip));
    return zip;
  }

  /** The address that `run-view` prints for it. */
  async serve(zip: string): Promise<string> {
    const log = path.join(this.folder, 'run-view.log');
    const env = { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '' };
    this.#program = startProgram('control-plane/dist/cli/main.js', ['run-view', zip], env, log);
    return this.#program.line(/^http:/);
  }

  /** The record in a page of its own. */
  async open(zip: string): Promise<Page> {
    const page = await this.newPage();
    await page.goto(await this.serve(zip));
    await page.getByRole('heading', { level: 1 }).waitFor();
    return page;
  }

  async newPage(): Promise<Page> {
    const context = await this.chromium.browser.newContext({ viewport: { width: 1400, height: 860 } });
    const page = await context.newPage();
    await page.exposeFunction('violated', (what: string) => this.#violations.push(what));
    await page.addInitScript(
      `document.addEventListener('securitypolicyviolation', (e) => violated(e.effectiveDirective + ' ' + e.blockedURI))`,
    );
    page.on('pageerror', (error) => this.#violations.push(String(error)));
    return page;
  }

  /** After a test: closes its pages and its server; what pages did that they must not. */
  async reset(): Promise<readonly string[]> {
    await Promise.all(this.chromium.browser.contexts().map((context) => context.close()));
    await this.#program?.end('SIGTERM');
    this.#program = null;
    return this.#violations.splice(0);
  }

  async close(): Promise<void> {
    await this.chromium.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A row of the time line, by how its name begins. */
export function rowOf(page: Page, name: string) {
  return page.locator('.timeline button', { has: page.locator('.name', { hasText: new RegExp(`^${name}`) }) });
}
