/** The value of a secret, as it is stored, sealed and used. Runs in browser and Node. */
import { z } from 'zod';

/** A value, or the values of a map together, characters. */
const VALUE_LENGTH = 32_768;

const valueText = z.string().min(1).max(VALUE_LENGTH);
/** A text, or a map of texts such as `{username, password}`. */
export const SecretValue = z.union([
  valueText,
  z
    .record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/), valueText)
    .refine((map) => Object.keys(map).length > 0 && Object.keys(map).length <= 50, 'must have 1 to 50 members')
    .refine(
      (map) => JSON.stringify(map).length <= VALUE_LENGTH,
      `must have at most ${VALUE_LENGTH} characters as JSON`,
    ),
]);
export type SecretValue = z.infer<typeof SecretValue>;
