create trigger refuse_erased before insert on ownership for each row execute function refuse_erased('user_id');
create trigger refuse_erased before insert on evaluations for each row execute function refuse_erased('user_id');
