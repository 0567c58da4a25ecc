/// What other rooms may use of the forms.

export { focusField } from "./focus";
export { SettingsPanel } from "./SettingsPanel";
export { StepForm, type StepFormProps } from "./StepForm";
export { TemplateText } from "./variables/TemplateField";
export { useScope } from "./scope";
