/// What a field is told, and what its widget is.

import type { Json, Schema } from "../api/types";
import type { Path } from "./schema";

export interface FieldProps {
  schema: Schema;
  path: Path;
  required?: boolean;
  /** Instead of the schema's title. */
  title?: string;
  /** The label is read out, not shown: something beside it says the same. */
  quiet?: boolean;
  /** Where the value is not at the path yet, because the whole around it is still the default. */
  held?: { value: Json; set: (value: Json | undefined) => void };
}

export interface WidgetProps extends FieldProps {
  title: string;
  /** Of the input; the label points at it. */
  id: string;
  describedBy: string | undefined;
  invalid: boolean;
  value: Json | undefined;
  /** Undefined takes the setting away, which makes it the default. */
  set: (value: Json | undefined) => void;
}
