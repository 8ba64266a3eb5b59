import { describe, expect, it } from 'vitest';
import { fillAddresses } from './uri-template.ts';

describe('addresses', () => {
  const input = { id: 7, name: 'a b/c', deep: {} };

  it('are filled from the input, encoded', () => {
    expect(fillAddresses({ method: 'get', endpoint: 'https://x/{id}?q={name}', body: '{id}' }, input)).toEqual({
      method: 'get',
      endpoint: 'https://x/7?q=a%20b%2Fc',
      body: '{id}',
    });
    expect(fillAddresses({ endpoint: { uri: 'https://x/{id}', authentication: { use: 'a' } } }, input)).toEqual({
      endpoint: { uri: 'https://x/7', authentication: { use: 'a' } },
    });
    expect(fillAddresses({ document: { endpoint: 'https://x/{id}' } }, input)).toEqual({
      document: { endpoint: 'https://x/7' },
    });
  });

  it.each(['missing', 'toString', 'nothing'])('are empty where the input has no text named %s', (name) => {
    const filled = fillAddresses({ endpoint: `https://x/{${name}}` }, { ...input, nothing: null });
    expect(filled).toEqual({ endpoint: 'https://x/' });
  });

  it('are refused when a member is no text', () => {
    expect(() => fillAddresses({ endpoint: 'https://x/{deep}' }, input)).toThrow('takes a text');
  });
});
