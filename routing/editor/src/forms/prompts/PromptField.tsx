/// What is said, one tab a language: text, or a sound instead, and a button to hear it.

import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import type { Json, Schema } from "../../api/types";
import { t } from "../../t";
import { idOf, key, startsWith, useFaults, useForm } from "../context";
import { Faults } from "../Faults";
import type { WidgetProps } from "../widget";
import { getIn, plain, properties, setIn } from "../schema";
import { TemplateText } from "../variables/TemplateField";
import { languageName } from "./languages";
import { ListenButton } from "./ListenButton";
import { NewLanguage } from "./NewLanguage";

function texts(value: Json | undefined, name: string): Record<string, Json> {
  const found = getIn(value, [name]);
  return typeof found === "object" && found !== null && !Array.isArray(found) ? found : {};
}

export function PromptField({ id, value, path, schema, title }: WidgetProps) {
  const form = useForm();
  const text = texts(value, "text");
  const audio = texts(value, "audio");
  const written = [...new Set([...Object.keys(text), ...Object.keys(audio)])].sort();
  const first = form.spoken[0] ?? "en";
  const shown = written.length ? written : [first];
  const isBroken = (code: string) => form.faults.some((fault) => startsWith(fault.path, [...path, "text", code]) || startsWith(fault.path, [...path, "audio", code]));
  // The one at fault; else the one that everybody hears whose own is not there.
  const [chosen, setChosen] = useState(() => {
    const usual = plain(getIn(value, ["fallback"])) || "en";
    return shown.find(isBroken) ?? shown.find((code) => code === usual) ?? shown.find((code) => code.startsWith(`${usual.split("-")[0]}`)) ?? shown[0] ?? first;
  });
  const current = shown.includes(chosen) ? chosen : (shown[0] ?? first);
  const tabs = useRef<HTMLDivElement>(null);
  const missing = form.spoken.filter((code) => !shown.includes(code));
  const name = (code: string) => languageName(code, form.languages);

  const add = (code: string) => {
    form.set([...path, "text", code], "", t("%(title)s in %(language)s", { title, language: name(code) }));
    // The tab that stood there empty stays.
    if (!written.length && code !== first) form.set([...path, "text", first], "", title);
    setChosen(code);
    setTimeout(() => document.getElementById(`${id}-text`)?.focus(), 0);
  };
  const remove = (code: string) => {
    form.act(t("Remove %(language)s", { language: name(code) }), (step) => {
      const settings = (step.settings ??= {});
      for (const field of ["text", "audio"]) {
        if (getIn(settings, [...path, field, code]) !== undefined) setIn(settings, [...path, field, code], undefined);
      }
      if (getIn(settings, [...path, "fallback"]) === code) setIn(settings, [...path, "fallback"], undefined);
    });
    setTimeout(() => tabs.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus(), 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = shown.indexOf(current);
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 };
    const next = shown[((moves[event.key] ?? at) + shown.length) % shown.length];
    if (moves[event.key] === undefined || next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setChosen(next);
    tabs.current?.querySelectorAll<HTMLElement>("[role=tab]")[shown.indexOf(next)]?.focus();
  };
  // Faults of a language that is not open are shown by its tab.
  const { register } = form;
  const at = key(path);
  const codes = written.join(" ");
  useEffect(() => {
    const around = JSON.parse(at) as (string | number)[];
    const fields = codes.split(" ").flatMap((code) => [register([...around, "text", code], true), register([...around, "audio", code], true)]);
    return () => fields.forEach((leave) => leave());
  }, [at, codes, register]);
  return (
    <div className="f-prompt">
      <div className="f-tabs">
        {/* The arrow keys go from tab to tab. */}
        <div role="tablist" aria-label={t("Languages of %(title)s", { title })} ref={tabs} className="f-tablist" tabIndex={-1} onKeyDown={onKeyDown}>
          {shown.map((code) => (
            <button
              key={code}
              type="button"
              role="tab"
              id={`${id}-tab-${code}`}
              aria-selected={code === current}
              aria-controls={`${id}-panel`}
              tabIndex={code === current ? 0 : -1}
              data-field={code === current ? undefined : key([...path, "text", code])}
              onFocus={() => setChosen(code)}
              className={`f-tab${isBroken(code) ? " f-tab-broken" : ""}`}
              onClick={() => setChosen(code)}
            >
              {name(code)}
              {isBroken(code) ? " " : null}
              {isBroken(code) ? <span className="f-hidden">{t("(something is wrong)")}</span> : null}
            </button>
          ))}
        </div>
        {form.readOnly ? null : (
          <>
            {missing.map((code) => (
              <button key={code} type="button" className="f-suggestion" onClick={() => add(code)} title={t("Other texts of this flow are in %(language)s.", { language: name(code) })}>
                + {name(code)}
              </button>
            ))}
            <NewLanguage id={`${id}-new`} taken={[...shown, ...missing]} add={add} title={title} />
          </>
        )}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-tab-${current}`} className="f-panel">
        <Language
          key={current}
          id={id}
          path={path}
          code={current}
          text={plain(text[current])}
          audio={audio[current] === undefined ? undefined : plain(audio[current])}
          title={title}
          name={name(current)}
          alone={!shown.some((code) => code !== current && (plain(text[code]).trim() !== "" || audio[code] !== undefined))}
          remove={written.length > 1 ? () => remove(current) : undefined}
        />
      </div>
      <Whose id={id} path={path} schema={schema} shown={shown} name={name} />
    </div>
  );
}

interface LanguageProps {
  id: string;
  path: (string | number)[];
  code: string;
  text: string;
  audio: string | undefined;
  title: string;
  name: string;
  /** No other language says anything. */
  alone: boolean;
  remove: (() => void) | undefined;
}

function Language({ id, path, code, text, audio, title, name, alone, remove }: LanguageProps) {
  const form = useForm();
  const inText = useFaults([...path, "text", code]);
  const inAudio = useFaults([...path, "audio", code]);
  const whole = useFaults([...path, "text"], false);
  const [sound, setSound] = useState(audio !== undefined);
  const what = t("%(title)s in %(language)s", { title, language: name });
  const faults = [...inText, ...whole];
  return (
    <>
      <div className="f-field" data-field={key([...path, "text", code])}>
        <label className="f-hidden" htmlFor={`${id}-text`}>
          {what}
        </label>
        <TemplateText
          id={`${id}-text`}
          value={text}
          title={what}
          lines={3}
          lang={code}
          placeholder={t("What is said in %(language)s", { language: name })}
          describedBy={faults.length ? `${id}-text-faults` : undefined}
          invalid={faults.some((fault) => fault.level === "error")}
          change={(next) => form.set([...path, "text", code], next, what)}
        />
        <Faults id={`${id}-text-faults`} faults={faults} />
        {text.trim() === "" && audio === undefined && !alone ? (
          <p className="f-doubt">{t("Nothing is written here yet: whoever speaks %(language)s hears nothing.", { language: name })}</p>
        ) : null}
      </div>
      <div className="f-prompt-tools">
        <ListenButton text={text} audio={audio ?? ""} language={code} name={name} />
        {form.readOnly || sound || audio !== undefined ? null : (
          <button type="button" className="f-quiet" onClick={() => setSound(true)}>
            {t("Play a sound instead")}
          </button>
        )}
        {form.readOnly || !remove ? null : (
          <button type="button" className="f-quiet" onClick={remove}>
            {t("Remove %(language)s", { language: name })}
          </button>
        )}
      </div>
      {sound || audio !== undefined ? (
        <div className="f-field" data-field={key([...path, "audio", code])}>
          <label className="f-label" htmlFor={`${id}-audio`}>
            {t("Address of the sound, played instead of the text")}
          </label>
          <TemplateText
            id={`${id}-audio`}
            value={audio ?? ""}
            title={t("Sound")}
            placeholder="https://"
            describedBy={inAudio.length ? `${id}-audio-faults` : undefined}
            invalid={inAudio.length > 0}
            change={(next) => form.set([...path, "audio", code], next === "" ? undefined : next, t("Sound in %(language)s", { language: name }))}
          />
          <Faults id={`${id}-audio-faults`} faults={inAudio} />
        </div>
      ) : null}
    </>
  );
}

/** Who hears which language, and what else the prompt may say about itself. */
function Whose({ id, path, schema, shown, name }: { id: string; path: (string | number)[]; schema: Schema; shown: string[]; name: (code: string) => string }) {
  const form = useForm();
  const others = properties(schema, form.root).filter((field) => !["text", "audio", "fallback"].includes(field.name));
  const fallbackPath = [...path, "fallback"];
  const faults = useFaults(fallbackPath);
  const fallback = plain(getIn(form.settings, fallbackPath));
  const usual = shown.find((code) => code === "en") ?? shown.find((code) => code.startsWith("en")) ?? shown[0] ?? "en";
  const choices = fallback === "" || shown.includes(fallback) ? shown : [...shown, fallback];
  return (
    <details className="f-more" open={faults.length > 0 || undefined}>
      <summary>
        {shown.length > 1
          ? t("Everybody else hears %(language)s", { language: name(fallback || usual) })
          : t("Everybody hears %(language)s", { language: name(shown[0] ?? usual) })}
      </summary>
      <div className="f-more-fields">
        <p className="f-help">
          {t("A contact hears its own language: the one that the flow has set (vars.language), else the customer's, else that of the caller's country. A variety will do: who speaks de-AT hears de.")}
        </p>
        <div className="f-field" data-field={key(fallbackPath)}>
          <label className="f-label" htmlFor={idOf(form, fallbackPath)}>
            {t("Language for everybody else")}
          </label>
          <select
            id={idOf(form, fallbackPath)}
            className="f-input f-select"
            value={fallback}
            disabled={form.readOnly}
            aria-invalid={faults.length > 0 || undefined}
            aria-describedby={faults.length ? `${id}-fallback-faults` : undefined}
            onChange={(event) => form.set(fallbackPath, event.target.value || undefined, t("Language for everybody else"))}
          >
            <option value="">{t("%(language)s, as usual", { language: name(usual) })}</option>
            {choices.map((code) => (
              <option key={code} value={code}>
                {name(code)}
              </option>
            ))}
          </select>
          <Faults id={`${id}-fallback-faults`} faults={faults} />
        </div>
        {others.map((field) => (
          <form.Field key={field.name} schema={field.schema} path={[...path, field.name]} required={field.required} />
        ))}
      </div>
    </details>
  );
}
