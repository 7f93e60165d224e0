import { refreshParts } from './shared/parts.js';
import { begin } from './shared/project.js';

begin({ changed: refreshParts });
