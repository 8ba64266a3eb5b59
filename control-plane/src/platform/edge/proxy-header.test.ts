import { describe, expect, test } from 'vitest';
import { PROXY_HEADER_BYTES, readProxyHeader } from './proxy-header.ts';
import { seededRandom } from './testing.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';
const V4 = 'c0000201' + 'cb007105' + 'dcba' + '01bb';
const V6 = '20010db8000000000000000000000001' + '20010db8000000000000000000000002' + 'dcba' + '01bb';
/** Version 2, with a right length unless one is given. */
function v2(command: string, family: string, rest: string, length = rest.length / 2): Buffer {
  return Buffer.from(SIGNATURE + command + family + length.toString(16).padStart(4, '0') + rest, 'hex');
}
const line = (text: string) => Buffer.from(text, 'latin1');

const GOOD: readonly [string, Buffer, { address: string; port: number } | null][] = [
  ['1, IPv4', line('PROXY TCP4 192.0.2.1 203.0.113.5 56506 443\r\n'), { address: '192.0.2.1', port: 56_506 }],
  ['1, IPv6', line('PROXY TCP6 2001:db8:0::1 2001:db8::2 1 65535\r\n'), { address: '2001:db8::1', port: 1 }],
  ['1, unknown', line('PROXY UNKNOWN\r\n'), null],
  ['1, unknown with a rest', line(`PROXY UNKNOWN ${'f'.repeat(91)}\r\n`), null],
  ['2, IPv4', v2('21', '11', V4), { address: '192.0.2.1', port: 56_506 }],
  ['2, IPv4 with extensions', v2('21', '11', `${V4}0400020102`), { address: '192.0.2.1', port: 56_506 }],
  ['2, IPv6', v2('21', '21', V6), { address: '2001:db8::1', port: 56_506 }],
  ['2, local with addresses', v2('20', '11', V4), null],
  ['2, local without', v2('20', '00', ''), null],
  ['2, unspecified', v2('21', '00', '01020304'), null],
  ['2, Unix', v2('21', '31', '00'.repeat(216)), null],
];

describe.each(GOOD)('version %s', (_, header, client) => {
  test('is read to its last byte, and no further', () => {
    const expected = { state: 'read', length: header.length, client };
    expect(readProxyHeader(header)).toEqual(expected);
    expect(readProxyHeader(Buffer.concat([header, Buffer.from([22, 3, 1])]))).toEqual(expected);
  });
  test('cut anywhere, it waits for more', () => {
    for (let length = 0; length < header.length; length++) {
      expect(readProxyHeader(header.subarray(0, length)), String(length)).toEqual({ state: 'more' });
    }
  });
});

test.each<[string, Buffer]>([
  ['a ClientHello', Buffer.from('1603010200', 'hex')],
  ['HTTP', line('POST / HTTP/1.1\r\n')],
  ['a single wrong byte', line('G')],
  ['small letters', line('proxy TCP4 192.0.2.1 203.0.113.5 1 2\r\n')],
  ['no carriage return', line('PROXY TCP4 192.0.2.1 203.0.113.5 1 2\n')],
  ['two spaces', line('PROXY TCP4  192.0.2.1 203.0.113.5 1 2\r\n')],
  ['a name', line('PROXY TCP4 localhost 203.0.113.5 1 2\r\n')],
  ['the other family', line('PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n')],
  ['an address with a zone', line('PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n')],
  ['an octal address', line('PROXY TCP4 192.0.02.1 203.0.113.5 1 2\r\n')],
  ['a port too high', line('PROXY TCP4 192.0.2.1 203.0.113.5 65536 2\r\n')],
  ['a port with a zero', line('PROXY TCP4 192.0.2.1 203.0.113.5 01 2\r\n')],
  ['UDP', line('PROXY UDP4 192.0.2.1 203.0.113.5 1 2\r\n')],
  ['nothing but a prefix', line('PROXY \r\n')],
  ['an unknown word that goes on', line('PROXY UNKNOWNS\r\n')],
  ['a control character', line('PROXY UNKNOWN \x1b[2J\r\n')],
  ['a line that is too long', line(`PROXY UNKNOWN ${'f'.repeat(92)}\r\n`)],
  ['a line without an end', line(`PROXY UNKNOWN ${'f'.repeat(93)}`)],
  ['version 1 in the second form', v2('11', '11', V4)],
  ['version 3', v2('31', '11', V4)],
  ['an unknown command', v2('22', '11', V4)],
  ['a datagram', v2('21', '12', V4)],
  ['an unknown family', v2('21', '41', V4)],
  ['addresses that are cut', v2('21', '11', V4.slice(2))],
  ['IPv6 with the length of IPv4', v2('21', '21', V4)],
  ['Unix that is cut', v2('21', '31', '00'.repeat(215))],
  ['a length beyond the bound', v2('21', '11', '', PROXY_HEADER_BYTES - 15)],
  ['the longest length there is', v2('21', '11', '', 65_535)],
])('%s is no header', (_, bytes) => {
  expect(readProxyHeader(bytes)).toMatchObject({ state: 'malformed' });
});

test('the longest header is read', () => {
  const rest = V4 + '00'.repeat(PROXY_HEADER_BYTES - 16 - 12);
  expect(readProxyHeader(v2('21', '11', rest))).toMatchObject({ state: 'read', length: PROXY_HEADER_BYTES });
});

test('random changes never throw, and a header is never longer than what came', () => {
  const random = seededRandom(11);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(GOOD[round % GOOD.length]![1]);
    for (let n = 0; n <= random() * 3; n++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    const answer = readProxyHeader(bytes);
    if (answer.state === 'read') expect(answer.length).toBeLessThanOrEqual(bytes.length);
  }
});
