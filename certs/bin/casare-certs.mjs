#!/usr/bin/env node
import { runUnderNode24 } from '../../scripts/runtime.mjs';

await runUnderNode24(new URL('../../control-plane/dist/cli/certs-main.js', import.meta.url));
