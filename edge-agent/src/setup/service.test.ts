/** What is of Windows alone is refused elsewhere, with what to do; that it works there is tested under Wine. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { agentHome } from '../identity/index.ts';
import { configOf } from './configure.ts';
import { installService, uninstallService } from './service.ts';
import { closeSessions, openSessions } from './sessions.ts';

const home = agentHome('/nowhere/agent', {});
const agent = { home, config: configOf(home), policy: '/nowhere/policy.yaml' };

test.skipIf(process.platform === 'win32')(
  'on Linux the packages bring the service, and nothing is written',
  async () => {
    const refused = { code: 'NOT_WINDOWS', exitCode: 2 };
    expect(() => installService({ home, folder: '/nowhere' })).toThrow(expect.objectContaining(refused) as Error);
    await expect(uninstallService()).rejects.toMatchObject({
      ...refused,
      message: expect.stringContaining('install the deb') as string,
    });
    const place = { agent, environment: {}, program: { node: 'node', agent: 'agent' } };
    expect(() => openSessions(place)).toThrow(expect.objectContaining(refused) as Error);
    expect(() => closeSessions(place)).toThrow(expect.objectContaining(refused) as Error);
    expect(existsSync(home.root)).toBe(false);
  },
);
