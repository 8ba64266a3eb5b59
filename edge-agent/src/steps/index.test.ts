import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CATALOG, DEFAULT_EVIDENCE } from '@casare/shared/workflow';
import { NO_SANDBOX, startBrowser, type StartedBrowser } from '../browser/index.ts';
import { TEST_BROWSER } from '../browser/browser-for-tests.ts';
import type { StepContext } from '../engine/index.ts';
import { unrestricted } from '../policy/index.ts';
import { closeSessions, createStepRegistry } from './index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'casare-steps-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function contextWith(session: Map<string, unknown>): StepContext {
  return {
    signal: new AbortController().signal,
    timeoutMs: 20_000,
    runFolder: folder,
    position: '/do/0/open',
    usesSecret: false,
    holdsSecret: () => false,
    session,
    policy: unrestricted,
    evidence: DEFAULT_EVIDENCE,
    see: () => undefined,
    artifact: async () => {},
    log: async () => {},
  };
}

describe('createStepRegistry', () => {
  const registry = createStepRegistry(TEST_BROWSER);

  test('carries out every step of the catalogue', () => {
    for (const declaration of CATALOG) {
      expect(registry.find(declaration.name)?.declaration).toBe(declaration);
    }
  });

  test('finds a step by short and by exact reference, and no other version', () => {
    expect(registry.find('browser.click:1.0.0@default')).toBe(registry.find('browser.click'));
    expect(registry.find('browser.click:9.0.0')).toBeNull();
    expect(registry.find('browser.clack')).toBeNull();
  });
});

describe('plain steps', () => {
  const registry = createStepRegistry(TEST_BROWSER);

  test('log writes to the run’s log, assert fails with its message unless the condition holds', async () => {
    const lines: string[] = [];
    const context: StepContext = {
      ...contextWith(new Map()),
      log: async (level, message) => void lines.push(`${level}: ${message}`),
    };
    await registry.find('log')?.run({ message: 'two of three' }, context);
    expect(lines).toEqual(['info: two of three']);
    expect(await registry.find('assert')?.run({ that: true }, context)).toBe(true);
    await expect(registry.find('assert')?.run({ that: false, message: 'no files' }, context)).rejects.toMatchObject({
      code: 'ASSERTION_FAILED',
      detail: 'no files',
    });
  });
});

describe('closeSessions', () => {
  test('ends the browser that a run left open; opening again ends the one before', async () => {
    const started: StartedBrowser[] = [];
    const start = async (): Promise<StartedBrowser> => {
      const browser = await startBrowser(TEST_BROWSER);
      started.push(browser);
      return browser;
    };
    const open = createStepRegistry({ ...TEST_BROWSER, startBrowser: start }).find('browser.open');
    const session = new Map<string, unknown>();
    const lines: string[] = [];
    const context: StepContext = { ...contextWith(session), log: async (_level, line) => void lines.push(line) };
    // Nothing answers there: the step fails, its session stays for what comes after a caught error.
    const args = { url: 'http://127.0.0.1:1/' };
    await expect(open?.run(args, context)).rejects.toMatchObject({ status: 503 });
    expect(started[0]?.browser.isConnected()).toBe(true);
    await expect(open?.run(args, context)).rejects.toMatchObject({ status: 503 });
    expect(started.map(({ browser }) => browser.isConnected())).toEqual([false, true]);
    expect(lines).toEqual(started[0]?.sandbox === true ? [] : [NO_SANDBOX]);
    await closeSessions(session);
    expect(started.map(({ browser }) => browser.isConnected())).toEqual([false, false]);
    await closeSessions(session);
  });
});
