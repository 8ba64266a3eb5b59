import { describe, expect, it } from 'vitest';
import { Fault, lineOf } from './errors.ts';

describe('Fault', () => {
  it('says what, why and what to do on one line that begins with the code', () => {
    const fault = new Fault({ code: 'PORT_IN_USE', what: 'No listener', why: 'port 1 is\n  in use.', fix: 'Set X' });
    expect(fault.toLine()).toBe('PORT_IN_USE: No listener: port 1 is in use. Set X.');
  });

  it('keeps its cause and stays within 1,000 characters', () => {
    const cause = new Error('inner');
    const fault = new Fault({ code: 'LONG_ONE', what: 'x'.repeat(5_000), cause });
    expect(fault.cause).toBe(cause);
    expect(fault.toLine()).toHaveLength(1_000);
  });

  it('refuses a code that is not UPPER_SNAKE', () => {
    expect(() => new Fault({ code: 'portInUse', what: 'x' })).toThrow(TypeError);
  });

  it('gives a line for anything thrown', () => {
    expect(lineOf(new Error('a\nb'))).toBe('a b');
    expect(lineOf('plain')).toBe('plain');
    expect(lineOf(new Fault({ code: 'ABC', what: 'w' }))).toBe('ABC: w.');
  });
});
