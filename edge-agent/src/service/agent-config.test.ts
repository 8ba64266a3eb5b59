import { expect, test } from 'vitest';
import { ConfigInvalid, heldConfig, readAgentConfig } from './agent-config.ts';

const FILE = '/etc/casare/agent.yaml';

function linesOf(text: string): readonly string[] {
  try {
    heldConfig(text, FILE);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigInvalid)) throw error;
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', exitCode: 2 });
    return error.lines;
  }
}

test('everything that it can say, paths beside the file', () => {
  const text = `
url: https://agents.casare.example:8442
name: press 3
site: hall-2
tags: [line=4, spare]
slots: { browser: 3 }
proxy: http://proxy.example:3128
proxyAuthFile: proxy-auth
noProxy: [.plant.example]
caFile: company-ca.pem
systemCa: true
carrier: wss://casare.example
joinTokenFile: /run/token
workerSocket: workers/host.sock
`;
  expect(heldConfig(text, FILE)).toEqual({
    file: FILE,
    url: 'https://agents.casare.example:8442',
    name: 'press 3',
    declared: ['site=hall-2', 'line=4', 'spare'],
    slots: { browser: 3 },
    network: {
      proxy: 'http://proxy.example:3128',
      proxyAuthFile: '/etc/casare/proxy-auth',
      noProxy: ['.plant.example'],
      caFile: '/etc/casare/company-ca.pem',
      systemCa: true,
      carrier: 'wss://casare.example',
    },
    joinTokenFile: '/run/token',
    workerSocket: '/etc/casare/workers/host.sock',
  });
});

test('a file with comments only is a configuration', () => {
  expect(heldConfig('# nothing yet\n', FILE)).toMatchObject({
    url: undefined,
    declared: [],
    network: {},
    joinTokenFile: undefined,
  });
});

test('all faults are told together, each with its place, and no value is shown', () => {
  const text = `ulr: https://a.example
name: 7
tags:
  - Has Spaces
slots: { browsers: 2, plain: -1 }
proxy: http://agent:canary@proxy.example
systemCa: yes
`;
  const lines = linesOf(text);
  expect(lines).toEqual(
    expect.arrayContaining([
      '/etc/casare/agent.yaml:1:1: there is no `ulr` here; did you mean `url`? (/ulr)',
      '/etc/casare/agent.yaml:2:7: expected a text, found a number (/name)',
      expect.stringMatching(/agent\.yaml:4:5: expected `name` or `name=value`/),
      expect.stringMatching(/agent\.yaml:5:10: there is no `browsers` here; did you mean `browser`\?/),
      expect.stringMatching(/agent\.yaml:5:30: .*\/slots\/plain/),
      expect.stringMatching(/agent\.yaml:6:8: must be none, http/),
      expect.stringMatching(/agent\.yaml:7:11: expected `true` or `false`, found a text/),
    ]),
  );
  expect(lines).toHaveLength(7);
  expect(lines.join()).not.toContain('canary');
});

test.each([
  ['url: http://agents.example', /https:\/\//],
  ['url: https://me:canary@agents.example', /without a user/],
  ['site: hall 2', /without spaces/],
  ['carrier: ws://casare.example', /wss:\/\//],
  ['slots: [', /agent\.yaml:1/],
  ['- url', /expected an object, found a list/],
])('%s is refused', (text, expected) => {
  expect(linesOf(text).join('\n')).toMatch(expected);
});

test('a file that is not there, or is none, is said with a code', () => {
  const missing = expect.objectContaining({ code: 'CONFIG_MISSING', exitCode: 2 }) as Error;
  expect(() => readAgentConfig('/does/not/exist.yaml')).toThrow(missing);
  expect(() => readAgentConfig('/')).toThrow(expect.objectContaining({ code: 'CONFIG_UNREADABLE' }) as Error);
});
