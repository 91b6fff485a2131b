# The apps' own PostgreSQL. Its passwords are made here and pass by: ephemeral and write-only, so that no state keeps them. The password of an app's login is set at
# the server by the migrations (docs/decisions/0028-a-login-per-app.md).
ephemeral "random_password" "database" {
  for_each = module.names.databases
  length   = 40
  special  = false
}

resource "aws_db_subnet_group" "eco2" {
  name       = "eco2"
  subnet_ids = var.database_subnets
}

resource "aws_security_group" "database" {
  name        = "eco2-postgres"
  description = "PostgreSQL of Eco2: the cluster's pods and nobody else"
  vpc_id      = var.network
}

resource "aws_vpc_security_group_ingress_rule" "database" {
  security_group_id            = aws_security_group.database.id
  referenced_security_group_id = var.cluster_security_group
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
}

resource "aws_db_instance" "eco2" {
  identifier     = "eco2"
  engine         = "postgres"
  engine_version = "17"
  instance_class = var.database_class
  multi_az       = true

  storage_type          = "gp3"
  allocated_storage     = 50
  max_allocated_storage = 500
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.eco2.arn

  db_name             = "eco2"
  username            = module.names.databases.owner.login
  password_wo         = ephemeral.random_password.database["owner"].result
  password_wo_version = var.database_passwords

  publicly_accessible    = false
  db_subnet_group_name   = aws_db_subnet_group.eco2.name
  vpc_security_group_ids = [aws_security_group.database.id]

  # To any minute of two weeks.
  backup_retention_period   = 14
  copy_tags_to_snapshot     = true
  deletion_protection       = true
  skip_final_snapshot       = false
  final_snapshot_identifier = "eco2-last"
}

# Encrypted, but not proved: the images do not know Amazon's own authority.
resource "aws_secretsmanager_secret_version" "database" {
  for_each                 = module.names.databases
  secret_id                = aws_secretsmanager_secret.secret[each.value.secret].id
  secret_string_wo         = "Host=${aws_db_instance.eco2.address};Username=${each.value.login};Password=${ephemeral.random_password.database[each.key].result};Database=eco2;SSL Mode=Require"
  secret_string_wo_version = var.database_passwords
}
