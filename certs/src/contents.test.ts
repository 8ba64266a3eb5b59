import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from './contents.ts';
import { codeOf, createWorld, type World } from './world.fixture.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});

/** The agent's certificate with the bytes `from` (hex) replaced by `to` of the same length. */
function patched(from: string, to: string): Uint8Array {
  const text = Buffer.from(world.agent.der).toString('hex');
  expect(text).toContain(from);
  return Buffer.from(text.replace(from, to), 'hex');
}

// What readCertificate reads correctly is shown by the tests of the templates, here is what it refuses.
describe('readCertificate refuses', () => {
  test('a negative serial number', () => {
    expect(codeOf(readCertificate(world.agent.der))).toBe('OK');
    expect(codeOf(readCertificate(patched('a003020102021101', 'a003020102021181')))).toBe('CERTIFICATE_MALFORMED');
  });

  test('a serial number with a superfluous leading zero', () => {
    const text = Buffer.from(world.agent.der).toString('hex');
    const second = text.slice(text.indexOf('021101') + 6).slice(0, 2);
    const low = second < '80' ? '00' : null;
    const bytes = patched(`021101${second}`, `021100${low === null ? '01' : second}`);
    expect(codeOf(readCertificate(bytes))).toBe('CERTIFICATE_MALFORMED');
  });

  test('a date that is none, has no time zone or another one', () => {
    const text = Buffer.from(world.agent.der).toString('hex');
    const [utcTime = '', digits = ''] = /170d((?:3\d){12})5a/.exec(text) ?? [];
    for (const broken of [
      `170d${'7a'.repeat(12)}5a`,
      `170d${digits.slice(0, 4)}3133${digits.slice(8)}5a`,
      `170d${digits}30`,
    ]) {
      expect(codeOf(readCertificate(patched(utcTime, broken))), broken).toBe('CERTIFICATE_MALFORMED');
    }
  });

  test('an extension whose value goes on after its end', () => {
    // The extended key usage 300a06082b06010505070302 with its inner length cut by two: two bytes stay over.
    const bytes = patched('300a06082b06010505070302', '300806062b06010505070302');
    expect(codeOf(readCertificate(bytes))).toBe('CERTIFICATE_MALFORMED');
  });
});
