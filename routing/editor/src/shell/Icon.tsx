/// A picture of the admin's icon font; those who hear the page never meet its name.

export function Icon({ name, className = "" }: { name: string; className?: string }) {
  return (
    <span className={`material-symbols-outlined fe-icon ${className}`} aria-hidden="true">
      {name}
    </span>
  );
}
