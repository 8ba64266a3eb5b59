/**
 * Arguments and outputs that several steps share. By convention a member named `url` is an address the step goes to
 * (the analysis lists its origin) and one named `saveAs` is the name of the artifact that the step stores.
 */
import { z } from 'zod';
import { ArtifactName } from '../../protocol/messages.ts';
import { Target as Selected } from '../target.ts';

/** The one element that a step acts on. */
export const Target = Selected.describe('The one element: a selector.');

/** An absolute http or https address. */
export const Url = z
  .url({ protocol: /^https?$/, error: 'expected an http:// or https:// address' })
  .max(4_000)
  .describe('An absolute http or https address.');

/** A name within the run's folder, forward slashes; the artifact is stored under it. */
export const SaveAs = ArtifactName.describe("The artifact's name in the run's folder, forward slashes.");

/** Text of an address: exact, or with `*` for any characters. */
export const UrlPattern = z.string().min(1).max(4_000).describe('The address (`*` for any characters).');

/** Conditions to wait for; all that are given must hold. */
export const Expectation = z
  .strictObject({ visible: Target.optional(), gone: Target.optional(), url: UrlPattern.optional() })
  .refine((value) => Object.keys(value).length > 0, 'expected at least one of `visible`, `gone`, `url`')
  .describe('What to wait for afterwards: `visible`, `gone` (selectors), `url` (`*` for any characters).');
export type Expectation = z.infer<typeof Expectation>;

/** The page after the step. */
export const PageState = z.strictObject({ url: z.string(), title: z.string() });
export type PageState = z.infer<typeof PageState>;

/** A file the step stored as an artifact; `path` is its name within the run. */
export const StoredFile = z.strictObject({
  path: z.string(),
  bytes: z.int().min(0),
  /** SHA-256, hex. */
  sha256: z.string(),
  mediaType: z.string(),
});
export type StoredFile = z.infer<typeof StoredFile>;
