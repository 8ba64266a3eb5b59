import { expect, test } from 'vitest';
import { serviceOf, type Service } from './services.decision.ts';

const APART = { web: 'web.example', enrol: 'enrol.example', tunnel: 'tunnel.example' };
const ONE = { web: 'casare.example', enrol: 'casare.example', tunnel: 'casare.example' };
const AGENTS = { web: 'web.example', enrol: 'agents.example', tunnel: 'agents.example' };
const NAMED = { 'casare-tunnel': 'tunnel', 'casare-enrol': 'enrol' } as const;

test.each<[string, typeof APART, string | null, string[], Service | null]>([
  ['the name alone', APART, 'tunnel.example', [], 'tunnel'],
  ['the name alone', APART, 'enrol.example', ['http/1.1'], 'enrol'],
  ['the name alone', APART, 'web.example', ['h2', 'http/1.1'], 'web'],
  ['name and protocol agree', APART, 'tunnel.example', ['casare-tunnel', 'http/1.1'], 'tunnel'],
  ['name and protocol do not', APART, 'web.example', ['casare-tunnel'], null],
  ['name and protocol do not', APART, 'tunnel.example', ['casare-enrol'], null],
  ['one name, the protocol decides', ONE, 'casare.example', ['casare-tunnel', 'http/1.1'], 'tunnel'],
  ['one name, the protocol decides', ONE, 'casare.example', ['casare-enrol', 'http/1.1'], 'enrol'],
  ['one name, a browser', ONE, 'casare.example', ['h2', 'http/1.1'], 'web'],
  ['one name, no protocol', ONE, 'casare.example', [], 'web'],
  ['no name', ONE, null, ['casare-tunnel'], 'tunnel'],
  ['no name, no protocol', APART, null, [], 'web'],
  ['no name, apart', APART, null, ['casare-enrol'], 'enrol'],
  ["somebody else's name", APART, 'gateway.internal', ['casare-tunnel'], 'tunnel'],
  ["somebody else's name", APART, 'gateway.internal', [], 'web'],
  ['two protocols of ours', ONE, 'casare.example', ['casare-enrol', 'casare-tunnel'], null],
  ['the same twice', ONE, 'casare.example', ['casare-enrol', 'casare-enrol'], 'enrol'],
  ['two share a name, no protocol', AGENTS, 'agents.example', ['http/1.1'], null],
  ['two share a name', AGENTS, 'agents.example', ['casare-enrol'], 'enrol'],
  ['a word of JavaScript', ONE, 'casare.example', ['constructor', '__proto__'], 'web'],
])('%s: %j, %s offering %j is %s', (_, hosts, serverName, protocols, expected) => {
  expect(serviceOf({ serverName, protocols }, hosts, NAMED)).toBe(expected);
});
