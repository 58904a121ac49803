/// Which tools, resources and prompts there are, under which names. Engine: imported by the
/// endpoint only.
@NullMarked
package io.reflow.gateway.catalog;

import org.jspecify.annotations.NullMarked;
