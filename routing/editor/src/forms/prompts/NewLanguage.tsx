/// Adds a language to a prompt: one of the usual ones, or any by its code.

import { useCallback, useRef, useState } from "react";
import { t } from "../../t";
import { useForm } from "../context";
import { PickList } from "../widgets/PickList";
import { isLanguage, languageName } from "./languages";

export function NewLanguage({ id, taken, title, add }: { id: string; taken: string[]; title: string; add: (code: string) => void }) {
  const form = useForm();
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = useCallback(() => setOpen(false), []);
  const free = (text: string) =>
    isLanguage(text) && !taken.includes(text) ? { value: text, label: t("%(language)s (%(code)s)", { language: languageName(text, form.languages), code: text }) } : null;
  return (
    <>
      <button ref={button} id={id} type="button" className="f-add" aria-haspopup="dialog" aria-expanded={open} aria-label={t("Add a language to %(title)s", { title })} onClick={() => setOpen(!open)}>
        + {t("Language")}
      </button>
      {open ? (
        <PickList
          anchor={button}
          title={t("Add a language")}
          picks={form.languages.filter((one) => !taken.includes(one.code)).map((one) => ({ value: one.code, label: one.name, hint: one.code }))}
          free={free}
          empty={t("Type the code of a language, such as de-AT.")}
          choose={add}
          close={close}
        />
      ) : null}
    </>
  );
}
