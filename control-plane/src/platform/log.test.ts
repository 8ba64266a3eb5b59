import { describe, expect, it } from 'vitest';
import { createLog, type LogLevel } from './log.ts';

function capture(level: LogLevel = 'info') {
  const lines: string[] = [];
  const log = createLog({ level, name: 'test', destination: { write: (line) => void lines.push(line) } });
  return { log, lines, last: () => JSON.parse(lines.at(-1) ?? '{}') as Record<string, unknown> };
}

describe('createLog', () => {
  it('writes one JSON line with level name, program name and fields', () => {
    const { log, last } = capture();
    log.info('started', { port: 8080 });
    expect(last()).toMatchObject({ level: 'info', name: 'test', msg: 'started', port: 8080 });
  });

  it('never writes the value of a credential, at any depth and in any case', () => {
    const { log, lines } = capture();
    const leak = 'LEAK';
    log.warn('x', {
      password: leak,
      a: { b: [{ Authorization: leak, 'set-cookie': leak }] },
      apiKey: leak,
      api_key: leak,
    });
    log.child({ clientSecret: leak }).error('y', { joinToken: { deep: leak } });
    log.error('at postgres://casare:LEAK@127.0.0.1/db', { url: 'postgres://casare:LEAK@127.0.0.1/db' });
    expect(lines).toHaveLength(3);
    expect(lines.join('')).not.toContain(leak);
  });

  it('keeps the identifiers of credentials', () => {
    const { log, last } = capture();
    log.info('used', { tokenId: 't1', secretNames: ['portal'] });
    expect(last()).toMatchObject({ tokenId: 't1', secretNames: ['portal'] });
  });

  it('unfolds errors with code and cause', () => {
    const { log, last } = capture();
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'ECODE' });
    log.error('failed', { error });
    expect(last()).toMatchObject({ error: { message: 'outer', code: 'ECODE', cause: { message: 'inner' } } });
  });

  it('does not throw on cycles and big integers', () => {
    const { log, lines } = capture();
    const cycle: Record<string, unknown> = { n: 10n };
    cycle['self'] = cycle;
    log.info('cycle', { cycle });
    expect(lines).toHaveLength(1);
  });

  it('is quiet below its level', () => {
    const { log, lines } = capture('warn');
    log.info('no');
    log.warn('yes');
    expect(lines).toHaveLength(1);
  });
});
